using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mesh.Tests.Tidy;

/// <summary>A reader finds code by guessing: the namespace is the folder.</summary>
public sealed class NamespaceTests
{
    [Fact]
    public void Namespace_equals_folder()
    {
        var wrong = from file in Tree.CSharp.AsParallel().AsOrdered()
                    let expected = Expected(file)
                    from found in Declared(file)
                    where found != expected
                    select $"{file}: {found}, expected {expected}";
        Report.None(wrong, "move the file or rename the namespace");
    }

    private static IEnumerable<string> Declared(string file) =>
        CSharpSyntaxTree.ParseText(Tree.Read(file), CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview))
            .GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().Select(declaration => declaration.Name.ToString());

    private static string Expected(string file)
    {
        string project = Tree.Projects.Where(project => file.StartsWith(Tree.Folder(project) + "/", StringComparison.Ordinal))
            .MaxBy(project => project.Length) ?? throw new InvalidOperationException($"{file} belongs to no project");
        string below = Tree.Folder(file)[Tree.Folder(project).Length..].Replace('/', '.');
        return Path.GetFileNameWithoutExtension(project) + below;
    }
}
