DROP TABLE import_part, import;
