"""Reads the lines of a spelled statement on standard input, checks each, and prints the text
form: spelled.py <LINES. It has nothing of offlicense's own, nor anything but Python's."""
import re, sys

SYMBOLS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
times2 = lambda v: v << 1 if v < 16 else v << 1 ^ 0b100101  # modulo x^5 + x^2 + 1

def checked(number, line):
    line = re.sub(r"[\s-]", "", line).upper().translate(str.maketrans("018", "OIB"))
    total = weighted = 0
    for value in [number >> 5, number & 31] + [SYMBOLS.index(c) for c in line]:
        total, weighted = total ^ value, times2(weighted) ^ value
    total == weighted == 0 or sys.exit("line %d: a symbol is wrong" % number)
    return line[:-2]

lines = {int(n): line for n, line in re.findall(r"^\s*(\d+): *(.*)$", sys.stdin.read(), re.M)}
text = "".join(checked(n, lines[n]) for n in sorted(lines))
length = sum(SYMBOLS.index(c) << 5 * i for i, c in enumerate(text[6:3:-1]))
text[3] == "I" and len(text) == 7 + length and len(lines) == -(-len(text) // 27) or sys.exit("lines are missing")
print(text[:3] + "1:" + text[7:])
