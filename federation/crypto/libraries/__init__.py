"""Hold one file per library that does SM2; `federation.crypto.selection` chooses among them."""
