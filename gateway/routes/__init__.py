"""What each URL answers: one file per URL, and the stored bytes that two of them send."""
