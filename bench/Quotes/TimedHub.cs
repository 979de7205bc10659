using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hypervize.Bench.Quotes;

/// <summary>A Hub of one model, which keeps the time that it takes itself.</summary>
internal sealed class TimedHub : IAsyncDisposable
{
    public const string Model = "bench/model-8B";

    private const string Info = """
        {"id": "bench/model-8B", "sha": "0123456789abcdef0123456789abcdef01234567", "gated": false, "pipeline_tag": "text-generation", "tags": ["conversational"],
         "safetensors": {"parameters": {"BF16": 8030261248}, "total": 8030261248}, "siblings": [{"rfilename": "config.json", "size": 900}, {"rfilename": "model.safetensors", "size": 16060522496}]}
        """;

    private const string Config = """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16", "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
         "hidden_size": 4096, "vocab_size": 128256, "max_position_embeddings": 131072}
        """;

    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<TimeSpan> _taken = new();
    private readonly Task _serving;

    private TimedHub(string url)
    {
        Url = url;
        _listener.Prefixes.Add(url);
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Url { get; }

    public static TimedHub Start()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        return new($"http://127.0.0.1:{port}/");
    }

    /// <summary>The time that it took since this was asked last, of all requests together.</summary>
    public TimeSpan Taken()
    {
        var sum = TimeSpan.Zero;
        while (_taken.TryDequeue(out var time)) sum += time;
        return sum;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                var began = Stopwatch.GetTimestamp();
                var body = Encoding.UTF8.GetBytes(context.Request.Url!.AbsolutePath.Contains("/resolve/", StringComparison.Ordinal) ? Config : Info);
                context.Response.ContentLength64 = body.Length; // In one packet with the header: a second one would wait for the first one's acknowledgement.
                await context.Response.OutputStream.WriteAsync(body);
                context.Response.Close();
                _taken.Enqueue(Stopwatch.GetElapsedTime(began));
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // It was closed.
        }
    }
}
