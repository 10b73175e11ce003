"""One conversation: from the customer's words to the bot's answer."""
