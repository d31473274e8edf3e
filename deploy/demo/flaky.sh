# Loses its database after a while, and gives up.
echo "connected to the database"
sleep 100
echo "the database does not answer: connection refused" >&2
exit 3
