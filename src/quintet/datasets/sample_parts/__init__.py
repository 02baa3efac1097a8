"""How the demonstration sample is drawn, filmed, told, sounded and shaped."""
