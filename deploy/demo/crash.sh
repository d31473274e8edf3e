# Dies like a program with a wild pointer.
echo "ready"
sleep 150
echo "following a wild pointer"
kill -SEGV $$
