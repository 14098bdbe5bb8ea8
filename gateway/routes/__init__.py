"""What each URL answers, one file per URL."""
