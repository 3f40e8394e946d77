"""What each study adds to a report in words: tables and sentences."""
