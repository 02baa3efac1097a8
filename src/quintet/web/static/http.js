// Requests to our own service, with what it wants of a browser.

export function csrf() {
  const name = location.port ? `quintet_csrf_${location.port}` : "quintet_csrf";
  const held = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return held ? decodeURIComponent(held.slice(name.length + 1)) : "";
}

export async function ask(path, options = {}) {
  const answer = await fetch(path, {
    ...options,
    headers: { "x-csrf-token": csrf(), ...options.headers },
  });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  throw new Error(told.detail || `${answer.status} ${answer.statusText}`);
}

// A request with a body that tells how much of it is sent; fetch cannot.
export function send(path, body, headers, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    for (const [name, value] of Object.entries({ "x-csrf-token": csrf(), ...headers })) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onProgress(event.loaded / (event.total || 1));
    request.onload = () =>
      request.status < 300
        ? resolve(request.response)
        : reject(new Error(request.response?.detail || `${request.status} ${request.statusText}`));
    request.onerror = () => reject(new Error("no connection"));
    request.send(body);
  });
}

export function upload(file, onProgress = () => {}) {
  return send("/v1/uploads", file, {
    "content-type": file.type || "application/octet-stream",
    "x-file-name": encodeURIComponent(file.name || "pasted"),
  }, onProgress);
}
