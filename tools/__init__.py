"""What keeps the book: run its chapters, and tell whether outputs are fresh."""
