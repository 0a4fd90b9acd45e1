# Sourced by the scripts beside this folder. Sets $root, and $python to a Python of version 3.11 or newer.
root=$(cd "$(dirname "$0")/.." && pwd)
python=
for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' > /dev/null 2>&1; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "cordboard: needs Python 3.11 or newer, found $(python3 --version 2> /dev/null || echo none)." \
        "Install one, or name it: PYTHON=/path/to/python3 $0" >&2
    exit 1
fi
