"""Dependencies: providers, their graph, the generated calls and the closing of what they opened."""
