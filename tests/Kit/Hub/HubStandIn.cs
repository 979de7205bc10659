using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hypervize.Kit.Hub;

/// <summary>Stands in for the Hugging Face Hub on loopback: its routes, its documents, its errors in its own shapes, and its bad days.</summary>
public sealed class HubStandIn : IAsyncDisposable
{
    public const string Token = "hf_StandInsOwnTokenThatHasAccess01";
    public const string TokenWithoutAccess = "hf_StandInsOwnTokenWithoutAccess02";

    private readonly WebApplication _app;

    private HubStandIn(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.Single());

    public ConcurrentDictionary<string, HubModel> Models { get; } = new(HubModel.All.Select(m => KeyValuePair.Create(m.Id, m with { Info = m.Info.DeepClone().AsObject() })));

    /// <summary>Path, query and token of each request.</summary>
    public ConcurrentQueue<(string Path, string? Token)> Requests { get; } = new();

    /// <summary>Answers instead of the Hub, if it says so.</summary>
    public Func<HttpContext, Task<bool>> Interfere { get; set; } = _ => Task.FromResult(false);

    public static async Task<HubStandIn> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var hub = new HubStandIn(app);
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(hub.AnswerAsync);
        await app.StartAsync();
        return hub;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Adds a model that is like another one but for its name, and what is changed.</summary>
    public void Add(string id, string like, Action<JsonObject>? change = null)
    {
        var info = Models[like].Info.DeepClone().AsObject();
        info["id"] = id;
        change?.Invoke(info);
        Models[id] = Models[like] with { Info = info };
    }

#pragma warning disable CA5350 // Git's ids are SHA-1.
    /// <summary>Adds a model with files of its own, and what the Hub tells of them.</summary>
    public HubModel Put(string id, IReadOnlyDictionary<string, byte[]> files, string gated = "", JsonObject? info = null)
    {
        info ??= [];
        (info["id"], info["private"], info["gated"]) = (id, false, gated.Length == 0 ? false : gated);
        info["sha"] = Convert.ToHexStringLower(SHA1.HashData([.. Encoding.UTF8.GetBytes(id), .. files.OrderBy(f => f.Key).SelectMany(f => f.Value)]));
        info["siblings"] = new JsonArray([.. files.Select(f => new JsonObject
        {
            ["rfilename"] = f.Key, ["size"] = f.Value.Length, ["blobId"] = Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {f.Value.Length}\0"), .. f.Value])),
            ["lfs"] = f.Key.EndsWith(".json", StringComparison.Ordinal) ? null : new JsonObject { ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(f.Value)), ["size"] = f.Value.Length, ["pointerSize"] = 134 },
        })]);
        return Models[id] = new(info, files.ToDictionary(), []);
    }
#pragma warning restore CA5350

    /// <summary>Adds a small model that chats.</summary>
    public HubModel PutChat(string id, string gated = "") => Put(
        id, new Dictionary<string, byte[]>
        {
            ["config.json"] = """{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16", "num_hidden_layers": 2, "num_attention_heads": 8, "num_key_value_heads": 2, "hidden_size": 64, "max_position_embeddings": 8192}"""u8.ToArray(),
            ["model.safetensors"] = new byte[2_000_000],
        },
        gated, new() { ["pipeline_tag"] = "text-generation", ["tags"] = new JsonArray("conversational"), ["safetensors"] = new JsonObject { ["parameters"] = new JsonObject { ["BF16"] = 1_000_000 }, ["total"] = 1_000_000 } });

    /// <summary>Refuses as the Hub does.</summary>
    public static async Task RefuseAsync(HttpContext http, int status, string? code, string message)
    {
        http.Response.StatusCode = status;
        if (code is not null) (http.Response.Headers["X-Error-Code"], http.Response.Headers["X-Error-Message"]) = (code, message);
        await http.Response.WriteAsJsonAsync(new { error = message });
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var token = http.Request.Headers.Authorization.ToString() is { Length: > 7 } bearer ? bearer[7..] : null;
        Requests.Enqueue((http.Request.Path + http.Request.QueryString, token));
        if (await Interfere(http)) return;
        if (token is not null and not (Token or TokenWithoutAccess))
            await RefuseAsync(http, 401, null, "Invalid credentials in Authorization header");
        else if (http.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries) is ["api", "models", .. var path])
            await ModelAsync(http, path, token);
        else if (http.Request.Path.Value.Split('/', StringSplitOptions.RemoveEmptyEntries) is [var owner, var name, "resolve", var revision, .. var file])
            await FileAsync(http, $"{owner}/{name}", revision, string.Join('/', file), token);
        else
            await RefuseAsync(http, 404, null, "Sorry, we can't find the page you are looking for.");
    }

    private async Task ModelAsync(HttpContext http, string[] path, string? token)
    {
        var model = path.Length >= 2 ? Models.GetValueOrDefault($"{path[0]}/{path[1]}") : null;
        if (model is null || (model.IsPrivate && token != Token)) await NoRepositoryAsync(http, token);
        else if (path is [_, _, "auth-check"]) await (model.IsGated && token != Token ? GatedAsync(http, model.Id, token) : http.Response.WriteAsync("OK"));
        else if (path is [_, _, "revision", var revision] && revision != model.Revision && revision != "main") await RefuseAsync(http, 404, "RevisionNotFound", $"Invalid rev id: {revision}");
        else await http.Response.WriteAsync(model.Info.ToJsonString());
    }

    private async Task FileAsync(HttpContext http, string id, string revision, string file, string? token)
    {
        if (Models.GetValueOrDefault(id) is not { } model || (model.IsPrivate && token != Token)) await NoRepositoryAsync(http, token);
        else if (model.IsGated && token != Token) await GatedAsync(http, id, token);
        else if (revision != model.Revision && revision != "main") await RefuseAsync(http, 404, "RevisionNotFound", $"Invalid rev id: {revision}");
        else if (!model.Files.TryGetValue(file, out var content)) await RefuseAsync(http, 404, "EntryNotFound", "Entry not found");
        else await Results.Bytes(content, enableRangeProcessing: true).ExecuteAsync(http);
    }

    // Who may not know whether a repository is there is told the same as who mistyped a password.
    private static Task NoRepositoryAsync(HttpContext http, string? token) => token is null
        ? RefuseAsync(http, 401, null, "Invalid username or password.")
        : RefuseAsync(http, 404, "RepoNotFound", "Repository not found");

    private static Task GatedAsync(HttpContext http, string id, string? token) => token is null
        ? RefuseAsync(http, 401, "GatedRepo", $"Access to model {id} is restricted. You must have access to it and be authenticated to access it. Please log in.")
        : RefuseAsync(http, 403, "GatedRepo", $"Access to model {id} is restricted and you are not in the authorized list. Visit the page to ask for access.");
}
