using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Hypervize.Contracts;
using Hypervize.Proxy.Answers;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Waking;

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
/// <param name="time">Time.</param>
public sealed class NodeForwarder(NodePools pools, TimeProvider time)
{
    // What is sent along with the head, in one system call.
    private const int SentWithHead = 16 * 1024;
    private const int MostOfAnError = 64 * 1024;
    private const int MostToRename = 32 * 1024 * 1024;

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
            connection = pool.TryRent(out var idle) ? idle : await pool.RentAsync();
        }
        catch (IOException)
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
            call.Heartbeat?.ReachedNode();
            while (!connection.TryReadHead()) connection.Received(await connection.ReceiveAsync());
            outcome = Forwarded.Broken;
            outcome = await PassBackAsync(call, connection);
            return outcome;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // What was said of an answer that nobody got is not said of the error in its place.
            if (outcome == Forwarded.Broken && !call.HasAnswered && !call.Http.Response.HasStarted) call.Http.Response.Clear();
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

    private async ValueTask<Forwarded> PassBackAsync(InferenceCall call, NodeConnection connection)
    {
        if (call.Heartbeat is { } heartbeat) await heartbeat.PauseAsync();
        var (response, head) = (call.Http.Response, connection.Head);
        if (response.HasStarted && !head.IsEventStream) return await EndAsEventAsync(call, connection);
        if (!response.HasStarted) WriteHead(call, head);

        if (head.IsEventStream) return await PassEventsAsync(call, connection);
        var outcome = head.IsJson && head.Status < 300 ? await PassJsonAsync(call, connection) : await PassPlainAsync(call, connection);
        // The server sends by itself what was never flushed, or what ends chunks; the rest of an answer with a length would stay here.
        if (response is { HasStarted: true, ContentLength: not null }) await response.BodyWriter.FlushAsync();
        return outcome;
    }

    private static void WriteHead(InferenceCall call, AnswerHead head)
    {
        var response = call.Http.Response;
        RequestId.Echo(call.Http);
        response.StatusCode = head.Status;
        response.ContentType = head.ContentType;
        // What the client is not shown of a stream makes it shorter.
        if (head is { End: BodyEnd.Length or BodyEnd.None, IsEventStream: false, Status: not (204 or 304) }) response.ContentLength = head.Length;
        foreach (var (name, value) in head.PassedBack) response.Headers.Append(name, value);
        if (call.WakeReceipt is { } receipt) response.Headers[WakeTimes.Header] = receipt;
    }

    private async ValueTask<Forwarded> PassEventsAsync(InferenceCall call, NodeConnection connection)
    {
        var to = call.Http.Response.BodyWriter;
        var events = new EventStream(call.Endpoint.ModelJson, call.Body.AsksForUsage);
        try
        {
            while (true)
            {
                var passed = false;
                while (connection.TryRead(out var arrived)) passed |= events.Pass(arrived.Span, to);
                if (passed) NotePiece(call);
                if (connection.IsAtEnd) break;
                if (passed && (await to.FlushAsync()).IsCompleted) return Forwarded.ClientGone;
                call.Heartbeat?.Resume(time.GetTimestamp());
                connection.Received(await connection.ReceiveAsync());
                if (call.Heartbeat is { } heartbeat) await heartbeat.PauseAsync();
            }
            events.End(to);
            return Outcome(connection);
        }
        finally
        {
            call.Usage = events.Usage ?? new TokenUsage(0, events.TextEvents);
        }
    }

    private void NotePiece(InferenceCall call)
    {
        var now = time.GetTimestamp();
        if (call.FirstPieceAt == 0) call.FirstPieceAt = now;
        else (call.Gaps ??= new()).Add(time.GetElapsedTime(call.LastPieceAt, now));
        (call.LastPieceAt, call.HasAnswered) = (now, true);
    }

    private static async ValueTask<Forwarded> PassJsonAsync(InferenceCall call, NodeConnection connection)
    {
        var to = call.Http.Response.BodyWriter;
        var usage = new UsageFinder();
        ReadOnlyMemory<byte> arrived;
        while (!connection.TryRead(out arrived) && !connection.IsAtEnd) connection.Received(await connection.ReceiveAsync());
        // Nearly always the endpoint's own name comes first. Where another does, or none yet, the whole answer is looked at.
        if (ModelName.IsIn(arrived.Span, call.Endpoint.ModelJson.Span) is not true) return await PassRenamedAsync(call, connection, arrived);

        while (true)
        {
            usage.Look(arrived.Span);
            to.Write(arrived.Span);
            call.HasAnswered = true;
            if (!connection.TryRead(out arrived))
            {
                if (connection.IsAtEnd) break;
                if ((await to.FlushAsync()).IsCompleted) return Forwarded.ClientGone;
                connection.Received(await connection.ReceiveAsync());
                if (!connection.TryRead(out arrived) && connection.IsAtEnd) break;
            }
        }
        call.Usage = usage.Found;
        return Outcome(connection);
    }

    private static async ValueTask<Forwarded> PassRenamedAsync(InferenceCall call, NodeConnection connection, ReadOnlyMemory<byte> first)
    {
        var answer = new ArrayBufferWriter<byte>(first.Length + 1);
        answer.Write(first.Span);
        while (!connection.IsAtEnd && answer.WrittenCount <= MostToRename)
        {
            while (connection.TryRead(out var arrived)) answer.Write(arrived.Span);
            if (!connection.IsAtEnd) connection.Received(await connection.ReceiveAsync());
        }
        if (!connection.IsAtEnd) throw new BrokenAnswerException("The answer is too large.");

        var (response, to, model) = (call.Http.Response, call.Http.Response.BodyWriter, call.Endpoint.ModelJson);
        var usage = new UsageFinder();
        usage.Look(answer.WrittenSpan);
        (call.Usage, call.HasAnswered) = (usage.Found, true);
        if (ModelName.OtherThan(answer.WrittenSpan, model.Span) is not { } other)
        {
            to.Write(answer.WrittenSpan);
            return Outcome(connection);
        }
        var (start, length) = other.GetOffsetAndLength(answer.WrittenCount);
        response.ContentLength = answer.WrittenCount - length + model.Length;
        to.Write(answer.WrittenSpan[..start]);
        to.Write(model.Span);
        to.Write(answer.WrittenSpan[(start + length)..]);
        return Outcome(connection);
    }

    private static async ValueTask<Forwarded> PassPlainAsync(InferenceCall call, NodeConnection connection)
    {
        var to = call.Http.Response.BodyWriter;
        call.HasAnswered = true;
        while (true)
        {
            while (connection.TryRead(out var arrived)) to.Write(arrived.Span);
            if (connection.IsAtEnd) return Outcome(connection);
            if ((await to.FlushAsync()).IsCompleted) return Forwarded.ClientGone;
            connection.Received(await connection.ReceiveAsync());
        }
    }

    // A response that heartbeats began is a stream by now: an answer that is none can only be an event of it.
    private static async ValueTask<Forwarded> EndAsEventAsync(InferenceCall call, NodeConnection connection)
    {
        var answer = new StringBuilder();
        while (!connection.IsAtEnd && answer.Length < MostOfAnError)
        {
            while (connection.TryRead(out var arrived)) answer.Append(Encoding.UTF8.GetString(arrived.Span));
            if (!connection.IsAtEnd) connection.Received(await connection.ReceiveAsync());
        }
        await call.Http.Response.WriteAsync($"data: {answer.ToString().ReplaceLineEndings(" ")}\n\n");
        return connection.Head.Status < 300 ? Outcome(connection) : Forwarded.AnsweredWithError;
    }

    private static Forwarded Outcome(NodeConnection connection) => connection.Head.Status < 500 ? Forwarded.Answered : Forwarded.AnsweredWithError;
}
