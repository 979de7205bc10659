using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.Proxy.Tests;

/// <summary>The proxy as it is run: a process of its own.</summary>
internal sealed class ProxyProcess : IAsyncDisposable
{
    private readonly ServiceProcess _process;
    private readonly Identities _identities;
    private readonly Uri _internal;

    private ProxyProcess(ServiceProcess process, Identities identities, Uri internalUrl)
    {
        (_process, _identities, _internal) = (process, identities, internalUrl);
        Client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = process.Url };
    }

    public HttpClient Client { get; }

    public ConcurrentQueue<string> Output => _process.Output;

    public static async Task<ProxyProcess> StartAsync(
        Identities identities, string broker, string stateFile, Uri endpoints, Uri? billing = null, Uri? provisioner = null, int keysMaxAge = 3600, double lingerSeconds = 1,
        double finishSeconds = 300, Uri? dashboard = null)
    {
        var nowhere = new Uri("http://127.0.0.1:1");
        var internalUrl = new Uri($"http://127.0.0.1:{FreePort()}");
        var settings = new Dictionary<string, string>
        {
            ["Identity__SigningKey"] = identities.SigningKey, ["Bus__Uri"] = broker,
            ["Proxy__StateFile"] = stateFile, ["Proxy__KeysMaxAgeSeconds"] = $"{keysMaxAge}", ["Proxy__InternalUrl"] = internalUrl.ToString(),
            ["Peers__Endpoints"] = endpoints.ToString(), ["Peers__Billing"] = (billing ?? nowhere).ToString(),
            ["Peers__Provisioner"] = (provisioner ?? nowhere).ToString(), ["Peers__Autoscaler"] = nowhere.ToString(), ["Drain__LingerSeconds"] = $"{lingerSeconds}",
            ["Drain__FinishSeconds"] = $"{finishSeconds}",
        };
        if (dashboard is not null) settings["Peers__Dashboard"] = dashboard.ToString();
        return new(await ServiceProcess.StartAsync("Proxy", settings), identities, internalUrl);
    }

    /// <summary>A connection on which nothing was sent yet.</summary>
    public async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        try
        {
            await client.ConnectAsync(_process.Url.Host, _process.Url.Port);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
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
        using var client = _identities.Client(_internal, new("test", null, []));
        return (await client.GetFromJsonAsync<StreamVersion[]>("/internal/read-model", Json.Options))!.ToDictionary(v => v.Id, v => v.Version);
    }

    public Task<HttpResponseMessage> GetInternalAsync(string path) => Client.GetAsync(new Uri(_internal, path));

    /// <summary>Asks it to stop, as an operator does.</summary>
    public Task TerminateAsync() => _process.TerminateAsync();

    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
    }

    // Below the ports that the system gives to outgoing connections, which might take it before the proxy does.
    private static int FreePort()
    {
        while (true)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(10_000, 20_000));
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // Taken; there are others.
            }
        }
    }
}
