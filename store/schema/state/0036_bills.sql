-- A fiscal bill is for one payment: by its number the payment is found.
CREATE INDEX entries_bills ON entries (json_extract(CAST(entry AS TEXT), '$.body.bill')) WHERE kind = 'fee.pay';
