"""Calls that block the event loop."""

import asyncio
import subprocess
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import bcrypt
import boto3
import requests


async def sleeps():
    time.sleep(1)  # AS501 time.sleep


async def fetches(url):
    return requests.get(url).text  # AS501 requests


async def opens(url):
    return urllib.request.urlopen(url).read()  # AS501 urllib


async def reads(path: Path):
    return path.read_text()  # AS501 a file


async def runs():
    subprocess.run(["true"])  # AS501 a process


async def hashes(password: bytes):
    return bcrypt.hashpw(password, bcrypt.gensalt())  # AS501 a password's hash


async def asks():
    return input("why? ")  # AS501 the user


async def stores(content: bytes):
    client = boto3.Session(region_name="eu-west-1").client("s3")
    client.put_object(Bucket="books", Key="1", Body=content)  # AS501 a client that a session made


def one(url):
    return two(url)


def two(url):
    return three(url)


def three(url):
    return requests.post(url)


async def deep(url):
    return one(url)  # AS501 three calls deeper


class Hasher(Protocol):
    def digest(self, password: bytes) -> bytes: ...


class Bcrypt:
    def digest(self, password: bytes) -> bytes:
        return bcrypt.hashpw(password, b"")


async def behind_protocol(hasher: Hasher):
    return hasher.digest(b"secret")  # AS501 behind a Protocol


lock = threading.Lock()


async def locked():
    with lock:  # AS502 a thread's lock over an await
        await asyncio.sleep(0)


class Counter:
    def __init__(self):
        self.lock = threading.RLock()

    async def add(self):
        with self.lock:  # AS502 a thread's lock in an attribute
            await asyncio.sleep(0)


workers = ThreadPoolExecutor()



async def wait_for_pool():
    return workers.submit(len, "abc").result()  # AS501 waits for a pool
