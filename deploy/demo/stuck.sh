# Gives signs of life for a minute, and then hangs.
systemd-notify --ready
for _ in {1..6}; do
    systemd-notify WATCHDOG=1
    sleep 10
done
echo "waiting for a lock that nobody gives back"
sleep infinity
