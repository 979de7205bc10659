using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hypervize.Simulator.OpenAi;

internal static class JsonAnswer
{
    /// <summary>As OpenAI and vLLM write it: what only HTML would need escaped stays plain.</summary>
    public static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with one JSON object.</summary>
    public static async Task WriteJsonAsync(this HttpContext http, int status, Action<Utf8JsonWriter> members)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        using (var json = new Utf8JsonWriter(http.Response.BodyWriter, Plain))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
            json.Flush();
            http.Response.ContentLength = json.BytesCommitted;
        }
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }
}
