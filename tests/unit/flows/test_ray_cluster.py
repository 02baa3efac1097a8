"""Ray, where there is none; with a cluster: tests/flows/test_ray.py."""

import socket
import sys
import threading
from contextlib import contextmanager, suppress

import pytest
import worker_tasks as tasks

from quintet.errors import MissingExtra, Unreachable, UsageError
from quintet.flows import ray_cluster
from quintet.flows.ray_cluster import on_ray


def test_without_ray_the_line_that_installs_it_is_told(monkeypatch):
    monkeypatch.setattr(ray_cluster, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'quintet\[ray\]'"), on_ray("h:1"):
        pass


@pytest.mark.parametrize("address", ["", "somewhere", "host:", "host:port", ":6379", "h:99999"])
def test_what_is_no_address_is_told(address):
    pytest.importorskip("ray")
    with pytest.raises(UsageError, match="HOST:PORT"), on_ray(address):
        pass


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_a_cluster_that_is_not_there_is_named_at_once(form):
    pytest.importorskip("ray")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = form.format(unused.getsockname()[1])
        with pytest.raises(Unreachable, match=address), on_ray(address):
            pass


def test_another_program_on_a_worker_is_refused():
    with pytest.raises(UsageError, match=r"this is 0\.0\.1; install the same version"):
        ray_cluster._run("0.0.1", tasks.product, 1, 2)


@contextmanager
def listening(answer):
    """The port of a server that is no Ray cluster."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        open_, end = [], threading.Event()

        def serve():
            server.settimeout(0.05)
            while not end.is_set():
                with suppress(TimeoutError):
                    connection, _ = server.accept()
                    connection.sendall(answer)
                    open_.append(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        end.set()
        thread.join()
        for connection in open_:
            connection.close()


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_another_server_is_told_from_a_cluster(form, answer, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setattr(ray_cluster, "ANSWER_S", 0.5)
    with listening(answer) as port:
        address = form.format(port)
        with pytest.raises(Unreachable, match=f"{address} is no Ray cluster"), on_ray(address):
            pass


class Empty:
    """A cluster without processors."""

    exceptions = None

    def remote(self, function):
        return self

    def options(self, **options):
        return self

    def cluster_resources(self):
        return {"memory": 1.0}


def test_a_cluster_without_processors_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", Empty())
    monkeypatch.setattr(ray_cluster, "ANSWER_S", 0.1)
    with pytest.raises(Unreachable, match=r"no processor .* ray start --address"):
        ray_cluster.Ray()
