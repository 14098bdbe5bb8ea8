"""What each URL answers: one file per URL, and the stream of bytes that two of them share."""
