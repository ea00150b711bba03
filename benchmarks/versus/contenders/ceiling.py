"""The kernel's price: servers in C that find the end of a request and answer fixed bytes."""

CONTENDERS = {
    "bare epoll (C)": {
        "command": ["{build}/benchmarks/versus/ceiling/bare_epoll", "{port}", "{ceiling}", "{answer}"],
    },
    "bare ring (C)": {
        "command": ["{build}/benchmarks/versus/ceiling/bare_ring", "{port}", "{ceiling}", "{answer}"],
    },
}
