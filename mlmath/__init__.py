"""What both apps share: settings, addresses, and a small kit. Owns no tables."""

VERSION = "0.1.0"
