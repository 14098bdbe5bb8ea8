"""`python -m shared.config` checks the settings of its environment and does nothing else."""

from shared.startup import load_settings_or_exit

if __name__ == "__main__":
    load_settings_or_exit()
