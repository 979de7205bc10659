using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Hypervize.Contracts;
using Hypervize.Proxy.Answers;
using Hypervize.Proxy.Forwarding;

namespace Hypervize.Proxy.Nodes;

/// <summary>What came of sending a request to a node.</summary>
public enum Forwarded
{
    /// <summary>The node answered, and the client has the answer.</summary>
    Answered,

    /// <summary>The node answered with an error of its own (500 or more), which the client has.</summary>
    AnsweredWithError,

    /// <summary>Nothing was sent, so that another node may be tried.</summary>
    NotSent,

    /// <summary>The node failed before it answered; the client has nothing yet.</summary>
    NodeFailed,

    /// <summary>The node's answer broke off after it had begun.</summary>
    Broken,

    /// <summary>The client went away; the node was told.</summary>
    ClientGone,
}

/// <summary>
/// Sends requests to nodes and passes their answers on as they come: our own, over sockets, for the half of YARP's cost and for what YARP can't do
/// (docs/decisions/0009).
/// </summary>
/// <param name="pools">Connections to nodes.</param>
/// <param name="answers">Passes answers on.</param>
public sealed class NodeForwarder(NodePools pools, AnswerRelay answers)
{
    // What is sent along with the head, in one system call.
    private const int SentWithHead = 16 * 1024;

    /// <summary>Sends a request to a node and its answer to the client.</summary>
    /// <param name="call">The request.</param>
    /// <param name="node">The node; it has an address.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<Forwarded> SendAsync(InferenceCall call, EndpointNode node)
    {
        var pool = pools.Of(call.Endpoint.State.Id, node);
        NodeConnection connection;
        try
        {
            connection = pool.TryRent(out var idle) ? idle : await pool.RentAsync(call.Http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            return Forwarded.ClientGone;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            return Forwarded.NotSent;
        }

        var outcome = Forwarded.NotSent;
        // When the client goes the connection is cut: whatever waits on it here ends, and the node stops working.
        var gone = call.Http.RequestAborted.UnsafeRegister(static c => ((NodeConnection)c!).Dispose(), connection);
        try
        {
            if (!await SendRequestAsync(call, pool, connection)) return outcome;
            outcome = Forwarded.NodeFailed;
            call.Body.Dispose(); // It is never sent again, and the answer may take long.
            call.Heartbeat?.ReachedNode();
            while (!connection.TryReadHead()) connection.Received(await connection.ReceiveAsync());
            outcome = Forwarded.Broken;
            outcome = await answers.PassBackAsync(call, connection);
            return outcome;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            if (outcome == Forwarded.Broken && !call.HasAnswered) await AnswerRelay.TakeBackAsync(call, connection.Head);
            return outcome = call.ClientIsGone ? Forwarded.ClientGone : outcome;
        }
        finally
        {
            // First, so that a client's going can't cut what is somebody else's by then.
            gone.Dispose();
            if (outcome is Forwarded.Answered or Forwarded.AnsweredWithError) pool.Return(connection);
            else pool.Drop(connection);
        }
    }

    // False when nothing left this machine.
    private static async ValueTask<bool> SendRequestAsync(InferenceCall call, NodePool pool, NodeConnection connection)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(RequestHead.MostBytes + SentWithHead);
        try
        {
            var (length, next) = (WriteHead(call, pool, buffer), 0);
            for (; next < RequestBody.Pieces && length + call.Body.Piece(next).Length <= buffer.Length; next++)
            {
                call.Body.Piece(next).Span.CopyTo(buffer.AsSpan(length));
                length += call.Body.Piece(next).Length;
            }
            try
            {
                await connection.SendAsync(buffer.AsMemory(0, length));
            }
            catch (SocketException) when (!call.ClientIsGone)
            {
                return false;
            }
            for (; next < RequestBody.Pieces; next++) await connection.SendMoreAsync(call.Body.Piece(next));
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int WriteHead(InferenceCall call, NodePool pool, Span<byte> buffer)
    {
        var head = new RequestHead(buffer);
        head.Write(pool, call.Path.AtNode, call.Http, call.Body.Length);
        return head.Length;
    }
}
