using System.Text;

namespace Mesh.Cni;

/// <summary>The process as the plugin sees it, so that tests call it without starting one. Plain streams: the framework's console
/// writers would cost a tenth of the start time.</summary>
internal sealed record PluginHost(Func<string, string?> Environment, Stream Input, Stream Output, Stream Error, TimeProvider Time)
{
    internal void WriteLine(string text) => Output.Write(Encoding.UTF8.GetBytes(text + "\n"));

    /// <summary>One line for the operator; runtimes put it into their log.</summary>
    internal void Log(string text) => Error.Write(Encoding.UTF8.GetBytes($"mesh-cni: {text.ReplaceLineEndings(" ")}\n"));
}
