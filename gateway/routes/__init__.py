"""What each URL answers: one file per URL, and the stream of digits that two of them share."""
