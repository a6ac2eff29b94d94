"""Short messages and MMS through Twilio's Messages API."""
