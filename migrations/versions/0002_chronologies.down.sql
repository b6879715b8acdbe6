DROP TABLE chronology;
