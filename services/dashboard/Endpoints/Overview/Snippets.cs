using System.Text.Encodings.Web;
using System.Text.Json;
using Hypervize.Contracts;

namespace Hypervize.Dashboard.Endpoints.Overview;

/// <summary>What a snippet is written in.</summary>
public enum SnippetLanguage
{
    /// <summary>A shell, with curl.</summary>
    Curl,

    /// <summary>Python, with OpenAI's client.</summary>
    Python,

    /// <summary>C#, with OpenAI's client.</summary>
    CSharp,
}

/// <summary>First calls of an endpoint, to be copied.</summary>
public static class Snippets
{
    private const string PoolingArgument = "--runner=pooling";
    private const string EmbeddingArgument = "--embeddings";

    /// <summary>A language's name.</summary>
    /// <param name="language">The language.</param>
    public static string Title(SnippetLanguage language) => language switch
    {
        SnippetLanguage.Curl => "curl",
        SnippetLanguage.Python => "Python",
        SnippetLanguage.CSharp => "C#",
    };

    /// <summary>The base URL that OpenAI's clients take.</summary>
    /// <param name="it">The endpoint.</param>
    public static string BaseUrl(EndpointResource it) => $"{it.Url}/v1";

    /// <summary>Whether an endpoint serves embeddings, as its runtime was told; false when nobody says it.</summary>
    /// <param name="created">The first entry of its timeline; null when it is not known.</param>
    public static bool IsEmbedding(TimelineEntry? created) =>
        created?.Part<EndpointPlan>("plan")?.Arguments?.Split(' ') is { } arguments && (arguments.Contains(PoolingArgument) || arguments.Contains(EmbeddingArgument));

    /// <summary>A first call.</summary>
    /// <param name="language">What it is written in.</param>
    /// <param name="it">The endpoint.</param>
    /// <param name="isEmbedding">Whether it serves embeddings, not chat.</param>
    public static string Of(SnippetLanguage language, EndpointResource it, bool isEmbedding)
    {
        var (url, model) = (BaseUrl(it), JsonEncodedText.Encode(it.Model, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString());
        var isPublic = it.Access == EndpointAccess.Public;
        return language switch
        {
            SnippetLanguage.Curl => isEmbedding
                ? Curl(url, "embeddings", isPublic, $$"""{"model": "{{model}}", "input": ["Hello", "Good morning"]}""")
                : Curl(url, "chat/completions", isPublic, $$"""{"model": "{{model}}", "messages": [{"role": "user", "content": "Hello"}], "stream": true}"""),
            SnippetLanguage.Python => Python(url, model, isPublic, isEmbedding),
            SnippetLanguage.CSharp => CSharp(url, model, isPublic, isEmbedding),
        };
    }

    private static string Curl(string url, string route, bool isPublic, string body) => $"""
        curl -N {url}/{route} \
        {(isPublic ? "" : "  -H \"Authorization: Bearer $HYPERVIZE_KEY\" \\\n")}  -H "Content-Type: application/json" \
          -d '{body.Replace("'", "'\\''", StringComparison.Ordinal)}'
        """;

    private static string Python(string url, string model, bool isPublic, bool isEmbedding)
    {
        var client = isPublic
            ? $"""
              from openai import OpenAI

              # Anyone may call it; the client wants a key all the same.
              client = OpenAI(base_url="{url}", api_key="none")
              """
            : $"""
              import os
              from openai import OpenAI

              client = OpenAI(base_url="{url}", api_key=os.environ["HYPERVIZE_KEY"])
              """;
        return client + "\n" + (isEmbedding
            ? $"""
              answer = client.embeddings.create(model="{model}", input=["Hello", "Good morning"])
              print([len(item.embedding) for item in answer.data])
              """
            : $$"""
              stream = client.chat.completions.create(
                  model="{{model}}",
                  messages=[{"role": "user", "content": "Hello"}],
                  stream=True,
              )
              for chunk in stream:
                  print(chunk.choices[0].delta.content or "", end="", flush=True)
              """);
    }

    private static string CSharp(string url, string model, bool isPublic, bool isEmbedding)
    {
        var key = isPublic
            ? """
              // Anyone may call it; the client wants a key all the same.
              var key = "none";
              """
            : """
              var key = Environment.GetEnvironmentVariable("HYPERVIZE_KEY")!;
              """;
        var kind = isEmbedding ? "Embedding" : "Chat";
        return $$"""
            using System.ClientModel;
            using OpenAI;
            using OpenAI.{{(isEmbedding ? "Embeddings" : "Chat")}};

            {{key}}
            var client = new {{kind}}Client("{{model}}", new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri("{{url}}") });
            """ + "\n" + (isEmbedding
            ? """
              OpenAIEmbedding embedding = await client.GenerateEmbeddingAsync("Hello");
              Console.WriteLine(embedding.ToFloats().Length);
              """
            : """
              await foreach (var update in client.CompleteChatStreamingAsync(new UserChatMessage("Hello")))
                  foreach (var part in update.ContentUpdate) Console.Write(part.Text);
              """);
    }
}
