DROP TABLE release_content, release_piece, release, chronology;
