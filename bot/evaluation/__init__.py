"""How well the assistant understands and answers, measured on labelled questions."""
