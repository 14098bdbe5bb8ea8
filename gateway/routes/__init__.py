"""What each URL answers: one file per URL, and the stream of stored bytes that two of them share."""
