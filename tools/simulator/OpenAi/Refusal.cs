namespace Hypervize.Simulator.OpenAi;

/// <summary>An error in OpenAI's shape.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable code.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="Param">The field at fault; null when it is not one.</param>
internal sealed record Refusal(int Status, string Code, string Message, string? Param = null)
{
    public Task WriteAsync(HttpContext http) => http.WriteJsonAsync(Status, json =>
    {
        json.WriteStartObject("error");
        json.WriteString("message", Message);
        json.WriteString("type", Status < 500 ? "invalid_request_error" : "server_error");
        json.WriteString("param", Param);
        json.WriteString("code", Code);
        json.WriteEndObject();
        json.WriteString("system_fingerprint", Speech.Fingerprint);
    });
}
