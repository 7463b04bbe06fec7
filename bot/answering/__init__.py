"""What people answer to reminders in chat, from their words to the history of the tasks."""
