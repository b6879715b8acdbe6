DROP INDEX change_record;
