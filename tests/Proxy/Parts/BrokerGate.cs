using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Hypervize.Proxy.Tests;

/// <summary>A way to the broker that can be cut, so that one proxy loses it and nobody else does.</summary>
internal sealed class BrokerGate : IAsyncDisposable
{
    private readonly Uri _broker = Servers.Broker;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> _open = new();
    private readonly Task _accepting;
    private volatile bool _cut;

    public BrokerGate()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Uri => new UriBuilder(_broker) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri.ToString();

    public void Cut()
    {
        _cut = true;
        foreach (var client in _open.Keys) client.Close();
    }

    public void Open() => _cut = false;

    public async ValueTask DisposeAsync()
    {
        Cut();
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                if (_cut) client.Close();
                else _ = ForwardAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The gate is taken down.
        }
    }

    private async Task ForwardAsync(TcpClient client)
    {
        using var broker = new TcpClient();
        _open[client] = _open[broker] = 0;
        try
        {
            await broker.ConnectAsync(_broker.Host, _broker.Port);
            await Task.WhenAny(client.GetStream().CopyToAsync(broker.GetStream()), broker.GetStream().CopyToAsync(client.GetStream()));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }
        client.Close();
        _open.TryRemove(client, out _);
        _open.TryRemove(broker, out _);
    }
}
