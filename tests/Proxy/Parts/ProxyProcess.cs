using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Proxy.Tests;

/// <summary>The proxy as it is run: a process of its own.</summary>
internal sealed class ProxyProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";
    private readonly Process _process;
    private readonly string _signingKey;
    private readonly Uri _internal;

    private ProxyProcess(Process process, string signingKey, Uri internalUrl) => (_process, _signingKey, _internal) = (process, signingKey, internalUrl);

    public HttpClient Client { get; private set; } = null!;

    public ConcurrentQueue<string> Output { get; } = new();

    public static async Task<ProxyProcess> StartAsync(
        string signingKey, string broker, string stateFile, Uri endpoints, Uri? billing = null, Uri? provisioner = null, int keysMaxAge = 3600)
    {
        var nowhere = new Uri("http://127.0.0.1:1");
        var internalUrl = new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Hypervize.Proxy.dll")])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            Environment =
            {
                ["ASPNETCORE_URLS"] = "http://127.0.0.1:0", ["Identity__SigningKey"] = signingKey, ["Bus__Uri"] = broker,
                ["Proxy__StateFile"] = stateFile, ["Proxy__KeysMaxAgeSeconds"] = $"{keysMaxAge}", ["Proxy__InternalUrl"] = internalUrl.ToString(),
                ["Peers__Endpoints"] = endpoints.ToString(), ["Peers__Billing"] = (billing ?? nowhere).ToString(),
                ["Peers__Provisioner"] = (provisioner ?? nowhere).ToString(), ["Peers__Autoscaler"] = nowhere.ToString(),
            },
        };
        var proxy = new ProxyProcess(new Process { StartInfo = start }, signingKey, internalUrl);
        var listening = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Read(string? line)
        {
            if (line is null) return;
            proxy.Output.Enqueue(line);
            if (line.Contains(Listening, StringComparison.Ordinal)) listening.TrySetResult(line[(line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..]);
        }
        proxy._process.OutputDataReceived += (_, e) => Read(e.Data);
        proxy._process.ErrorDataReceived += (_, e) => Read(e.Data);
        proxy._process.Start();
        proxy._process.BeginOutputReadLine();
        proxy._process.BeginErrorReadLine();

        var url = await listening.Task.WaitAsync(TimeSpan.FromSeconds(60));
        proxy.Client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new(url) };
        return proxy;
    }

    public Task<HttpResponseMessage> GetAsync(string path, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (key is not null) request.Headers.Authorization = new("Bearer", key);
        return Client.SendAsync(request);
    }

    public Task<HttpResponseMessage> ChatAsync(string endpointId, string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/api/d/{endpointId}/v1/chat/completions") { Content = JsonContent.Create(new { model = "any", messages = Array.Empty<object>() }) };
        request.Headers.Authorization = new("Bearer", key);
        return Client.SendAsync(request);
    }

    /// <summary>Which version of each endpoint it routes by.</summary>
    public async Task<Dictionary<string, long>> VersionsAsync()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_internal, "/internal/read-model"));
        var issuer = new IdentityIssuer(new IdentitySettings { SigningKey = _signingKey }, TimeProvider.System);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", issuer.Issue(new Caller("test", null, [])));
        using var response = await Client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<StreamVersion[]>(Json.Options))!.ToDictionary(v => v.Id, v => v.Version);
    }

    public Task<HttpResponseMessage> GetInternalAsync(string path) => Client.GetAsync(new Uri(_internal, path));

    /// <summary>Asks it to stop, as an operator does.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", [$"{_process.Id}"]);
        await _process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        Client?.Dispose();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
