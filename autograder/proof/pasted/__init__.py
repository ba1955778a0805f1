"""What a student could paste: functions that students get, and that give a question's answer."""
