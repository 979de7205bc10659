using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hypervize.Proxy.Nodes;

/// <summary>
/// The connections to one node. So many are made at a time: who wants one more takes the first that becomes free, or that is made. A thousand
/// requests released at once do not become a thousand connections at once, which would overflow the node's backlog.
/// </summary>
/// <param name="endpointId">The node's endpoint.</param>
/// <param name="address">Base URL of the node, plain HTTP.</param>
/// <param name="room">Room for connections to nodes, of which each takes one.</param>
/// <param name="time">Time.</param>
internal sealed class NodePool(string endpointId, Uri address, SemaphoreSlim room, TimeProvider time) : IDisposable
{
    private const int MostConnecting = 32;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    // A node that accepts too slowly has connections lost, and the kernel asks for one again only after a second. We ask again sooner, each time
    // after twice as long.
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(50);

    // uvicorn and cpp-httplib, which serve vLLM and llama.cpp, close what was idle for five seconds.
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(4);

    // A node that closes after its answer has done so by the time we listen; asking the system again costs a call.
    private static readonly TimeSpan JustUsed = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly Stack<NodeConnection> _idle = new();
    private readonly HashSet<NodeConnection> _all = [];
    private readonly Queue<TaskCompletionSource<NodeConnection>> _waiting = new();
    private int _connecting;
    private bool _closed;

    /// <summary>The node's endpoint.</summary>
    public string EndpointId => endpointId;

    /// <summary>Path that all of the node's paths begin with; no slash at its end.</summary>
    public string PathBase { get; } = address.AbsolutePath.TrimEnd('/');

    /// <summary>What requests name as <c>Host</c>.</summary>
    public byte[] Host { get; } = Encoding.ASCII.GetBytes(address.Authority);

    /// <summary>Takes an idle connection.</summary>
    /// <param name="connection">The connection; give it back by <see cref="Return"/> or <see cref="Drop"/>.</param>
    public bool TryRent([NotNullWhen(true)] out NodeConnection? connection)
    {
        lock (_lock)
        {
            while (_idle.TryPop(out connection))
            {
                if (IsUsable(connection)) return true;
                Close(connection);
            }
            return false;
        }
    }

    /// <summary>Takes an idle connection, or the first that becomes free or is made.</summary>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="IOException">None could be made: nothing was sent.</exception>
    public async ValueTask<NodeConnection> RentAsync(CancellationToken cancel = default)
    {
        while (true)
        {
            if (TryRent(out var idle)) return idle;
            TaskCompletionSource<NodeConnection> free;
            lock (_lock)
            {
                if (_closed) throw new IOException("The node is gone.");
                free = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting.Enqueue(free);
                if (_connecting < MostConnecting)
                {
                    _connecting++;
                    _ = ConnectAsync();
                }
            }
            NodeConnection taken;
            await using (cancel.UnsafeRegister(static f => ((TaskCompletionSource<NodeConnection>)f!).TrySetCanceled(), free)) taken = await free.Task;
            // One that served another request before may have been closed, or say what nobody asked, since it was handed over.
            if (taken.IsNew || (taken.IsFresh && taken.IsQuiet)) return taken;
            Drop(taken);
        }
    }

    /// <summary>Gives a connection back whose exchange is over.</summary>
    /// <param name="connection">The connection.</param>
    public void Return(NodeConnection connection)
    {
        if (!connection.IsReusable || connection.Head.KeepAliveSeconds <= IdleLimit.TotalSeconds)
        {
            Drop(connection);
            return;
        }
        lock (_lock)
        {
            if (_closed) return;
            connection.Listen();
            if (HandOver(connection)) return;
            connection.IdleSince = time.GetTimestamp();
            _idle.Push(connection);
        }
    }

    /// <summary>Cuts a connection whose exchange did not end in order.</summary>
    /// <param name="connection">The connection.</param>
    public void Drop(NodeConnection connection)
    {
        lock (_lock)
        {
            Close(connection);
            // Somebody may have counted on its becoming free.
            if (_waiting.Count == 0 || _closed || _connecting >= MostConnecting) return;
            _connecting++;
        }
        _ = ConnectAsync();
    }

    /// <summary>Closes what has been idle for long.</summary>
    public void Sweep()
    {
        lock (_lock)
        {
            if (_idle.Count == 0 || _idle.All(IsUsable)) return;
            var kept = _idle.Where(IsUsable).Reverse().ToList();
            foreach (var old in _idle.Except(kept)) Close(old);
            _idle.Clear();
            kept.ForEach(_idle.Push);
        }
    }

    /// <summary>The node is gone: cuts all that is under way there.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            foreach (var connection in _all) connection.Dispose();
            _idle.Clear();
            _all.Clear();
            while (_waiting.TryDequeue(out var waiting)) waiting.TrySetException(new IOException("The node is gone."));
        }
    }

    private void Close(NodeConnection connection)
    {
        _all.Remove(connection);
        connection.Dispose();
    }

    // Whether somebody waited for it who is there still.
    private bool HandOver(NodeConnection connection)
    {
        while (_waiting.TryDequeue(out var first))
            if (first.TrySetResult(connection)) return true;
        return false;
    }

    private bool IsUsable(NodeConnection connection)
    {
        var idle = time.GetElapsedTime(connection.IdleSince);
        return connection.IsFresh && idle <= IdleLimit && (idle <= JustUsed || connection.IsQuiet);
    }

    // Makes connections for as long as somebody waits for one.
    private async Task ConnectAsync()
    {
        while (true)
        {
            NodeConnection? made = null;
            Exception? failure = null;
            await room.WaitAsync();
            try
            {
                made = await MakeAsync();
            }
            catch (Exception e)
            {
                failure = e; // Whatever it is: who waits must hear of it.
                room.Release();
            }
            lock (_lock)
            {
                if (failure is not null)
                {
                    // Who waits may go to another node; trying for each anew would only keep all of them.
                    while (_waiting.TryDequeue(out var refused)) refused.TrySetException(new IOException(failure.Message, failure));
                }
                else if (_closed)
                {
                    made!.Dispose();
                }
                else
                {
                    _all.Add(made!);
                    if (!HandOver(made!))
                    {
                        made!.IdleSince = time.GetTimestamp();
                        made.Listen();
                        _idle.Push(made);
                    }
                }
                if (_waiting.Count > 0 && !_closed) continue;
                _connecting--;
                return;
            }
        }
    }

    private async Task<NodeConnection> MakeAsync()
    {
        var began = time.GetTimestamp();
        for (var patience = AskAgain; ; patience *= 2)
        {
            var left = ConnectTimeout - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) throw new IOException("The node accepts no connection.");
            try
            {
                return await MakeAsync(patience < left ? patience : left);
            }
            catch (OperationCanceledException) when (patience < left)
            {
                // Asked again.
            }
        }
    }

    private async Task<NodeConnection> MakeAsync(TimeSpan patience)
    {
        var isAddress = IPAddress.TryParse(address.DnsSafeHost, out var ip);
        var socket = isAddress ? new Socket(ip!.AddressFamily, SocketType.Stream, ProtocolType.Tcp) : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            SilentPeers.Notice(socket);
            using var limit = new CancellationTokenSource(patience, time);
            if (isAddress) await socket.ConnectAsync(new IPEndPoint(ip!, address.Port), limit.Token);
            else await socket.ConnectAsync(address.DnsSafeHost, address.Port, limit.Token);
            socket.Blocking = false; // Asynchronous calls are not concerned; what is tried synchronously must not wait.
            return new(socket, room);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
