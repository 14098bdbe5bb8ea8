"""Which calculations to publish: those that wait, those in the heavy lane, those handed back."""
