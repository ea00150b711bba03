"""A Gradio interface inside FastAPI, as its documentation mounts it: a function, one that yields, and a file."""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio
from fastapi import FastAPI


def greet(name, times):
    return f"Hello {name}! " * int(times)


def count(upto):
    for number in range(int(upto)):
        yield f"number {number}"


def measure(file):
    with open(file, "rb") as opened:
        return len(opened.read())


with gradio.Blocks(title="Sample") as blocks:
    name, times, upto = gradio.Textbox(label="Name"), gradio.Number(1, label="Times"), gradio.Number(3, label="Up to")
    file, shown, size = gradio.File(label="File"), gradio.Textbox(label="Shown"), gradio.Number(label="Size")
    gradio.Button("Greet").click(greet, [name, times], shown, api_name="greet")
    gradio.Button("Count").click(count, upto, shown, api_name="count")
    gradio.Button("Measure").click(measure, file, size, api_name="measure")

app = gradio.mount_gradio_app(FastAPI(), blocks, path="/demo")


@app.get("/")
def root():
    return {"demo": "/demo"}
