using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Hypervize.EventSourcing.Tests;

/// <summary>A cable to the broker that can be pulled and plugged in again.</summary>
public sealed class Cable : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<TcpClient> _clients = [];
    private readonly Uri _to;
    private readonly IPEndPoint _here;
    private TcpListener? _listener;

    public Cable(Uri to)
    {
        _to = to;
        _listener = Listen(new(IPAddress.Loopback, 0));
        _here = (IPEndPoint)_listener.LocalEndpoint;
    }

    /// <summary>The broker's address at this end.</summary>
    public Uri Uri => new UriBuilder(_to) { Host = _here.Address.ToString(), Port = _here.Port }.Uri;

    public void Pull()
    {
        _listener!.Dispose();
        _listener = null;
        while (_clients.TryTake(out var client)) client.Dispose();
    }

    public void Plug() => _listener = Listen(_here);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        if (_listener is not null) Pull();
        _end.Dispose();
    }

    private TcpListener Listen(IPEndPoint at)
    {
        var listener = new TcpListener(at);
        listener.Start();
        _ = AcceptAsync(listener);
        return listener;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptTcpClientAsync(_end.Token);
                var far = new TcpClient();
                await far.ConnectAsync(_to.Host, _to.Port, _end.Token);
                _clients.Add(near);
                _clients.Add(far);
                _ = RelayAsync(near, far);
                _ = RelayAsync(far, near);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Pulled.
        }
    }

    private async Task RelayAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream(), _end.Token);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // Pulled.
        }
        from.Dispose();
        to.Dispose();
    }
}
