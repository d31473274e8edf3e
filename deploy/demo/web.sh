# Serves nobody, and says so in the log now and then.
served=0
while sleep 20; do
    served=$((served + RANDOM % 90))
    echo "served $served requests"
done
