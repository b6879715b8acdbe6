"""What Schemathesis has to be told to send: NDJSON is text."""

import schemathesis

schemathesis.serializer.alias("application/x-ndjson", "text/plain")
