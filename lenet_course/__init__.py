"""What asks the reader: exercises, quizzes, interview, and a room for each chapter."""
